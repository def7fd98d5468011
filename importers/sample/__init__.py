"""An invented French school, as large as wished, written as the files a real one hands over.

Independent of the importer on purpose: it is what the importer is tested with. `SampleSchool.traps` says where
each planted oddity is: a course by its index, a (course, week) pair, or the ident of a person, class or group.
"""

from importers.sample.changes import next_export
from importers.sample.directory import write_people_csv
from importers.sample.export import write_xml
from importers.sample.model import Account, Change, Course, SampleSchool
from importers.sample.school import for_other_school, generate, regenerate_idpn, truncated
from importers.sample.terms import year_of

__all__ = [
    "Account",
    "Change",
    "Course",
    "SampleSchool",
    "for_other_school",
    "generate",
    "next_export",
    "regenerate_idpn",
    "truncated",
    "write_people_csv",
    "write_xml",
    "year_of",
]
