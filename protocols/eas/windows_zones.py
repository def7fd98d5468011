"""Pair the names Windows gives to time zones with IANA zones, for the names inside TimeZone blobs.

A pure table, after the windowsZones data of the Unicode CLDR. The first zone of a line is the one a Windows name
is read as; the others are written under that name too.
"""

from typing import Final

_TABLE: Final[tuple[tuple[str, str], ...]] = (
    ("Dateline Standard Time", "Etc/GMT+12"),
    ("UTC-11", "Etc/GMT+11 Pacific/Pago_Pago Pacific/Niue Pacific/Midway"),
    ("Aleutian Standard Time", "America/Adak"),
    ("Hawaiian Standard Time", "Pacific/Honolulu Etc/GMT+10 Pacific/Tahiti Pacific/Rarotonga"),
    ("Marquesas Standard Time", "Pacific/Marquesas"),
    ("Alaskan Standard Time", "America/Anchorage America/Juneau America/Nome America/Sitka America/Yakutat"),
    ("UTC-09", "Etc/GMT+9 Pacific/Gambier"),
    ("Pacific Standard Time (Mexico)", "America/Tijuana"),
    ("UTC-08", "Etc/GMT+8 Pacific/Pitcairn"),
    ("Pacific Standard Time", "America/Los_Angeles America/Vancouver"),
    ("US Mountain Standard Time", "America/Phoenix Etc/GMT+7 America/Hermosillo America/Creston"),
    ("Mountain Standard Time (Mexico)", "America/Mazatlan"),
    ("Mountain Standard Time", "America/Denver America/Edmonton America/Boise America/Ciudad_Juarez America/Inuvik"),
    ("Yukon Standard Time", "America/Whitehorse America/Dawson"),
    (
        "Central America Standard Time",
        "America/Guatemala America/Belize America/Costa_Rica America/El_Salvador America/Managua "
        "America/Tegucigalpa Etc/GMT+6 Pacific/Galapagos",
    ),
    (
        "Central Standard Time",
        "America/Chicago America/Winnipeg America/Menominee America/Matamoros America/Indiana/Knox",
    ),
    ("Easter Island Standard Time", "Pacific/Easter"),
    ("Central Standard Time (Mexico)", "America/Mexico_City America/Merida America/Monterrey"),
    ("Canada Central Standard Time", "America/Regina America/Swift_Current"),
    (
        "SA Pacific Standard Time",
        "America/Bogota America/Lima America/Panama America/Guayaquil America/Jamaica America/Cayman "
        "America/Eirunepe America/Rio_Branco Etc/GMT+5",
    ),
    ("Eastern Standard Time (Mexico)", "America/Cancun"),
    (
        "Eastern Standard Time",
        "America/New_York America/Toronto America/Detroit America/Nassau America/Iqaluit America/Montreal",
    ),
    ("Haiti Standard Time", "America/Port-au-Prince"),
    ("Cuba Standard Time", "America/Havana"),
    ("US Eastern Standard Time", "America/Indianapolis America/Indiana/Indianapolis America/Indiana/Vevay"),
    ("Turks And Caicos Standard Time", "America/Grand_Turk"),
    ("Paraguay Standard Time", "America/Asuncion"),
    (
        "Atlantic Standard Time",
        "America/Halifax Atlantic/Bermuda America/Moncton America/Thule America/Glace_Bay America/Goose_Bay",
    ),
    ("Venezuela Standard Time", "America/Caracas"),
    ("Central Brazilian Standard Time", "America/Cuiaba America/Campo_Grande"),
    (
        "SA Western Standard Time",
        "America/La_Paz America/Martinique America/Guadeloupe America/St_Barthelemy America/Marigot "
        "America/Manaus America/Puerto_Rico America/Santo_Domingo America/Barbados America/Curacao "
        "America/Guyana America/Port_of_Spain America/Dominica America/Aruba Etc/GMT+4",
    ),
    ("Pacific SA Standard Time", "America/Santiago"),
    ("Newfoundland Standard Time", "America/St_Johns"),
    ("Tocantins Standard Time", "America/Araguaina"),
    ("E. South America Standard Time", "America/Sao_Paulo"),
    (
        "SA Eastern Standard Time",
        "America/Cayenne America/Paramaribo America/Fortaleza America/Belem America/Recife America/Maceio "
        "America/Santarem Atlantic/Stanley Etc/GMT+3",
    ),
    (
        "Argentina Standard Time",
        "America/Buenos_Aires America/Argentina/Buenos_Aires America/Argentina/Cordoba America/Argentina/Ushuaia",
    ),
    ("Greenland Standard Time", "America/Godthab America/Nuuk"),
    ("Montevideo Standard Time", "America/Montevideo"),
    ("Magallanes Standard Time", "America/Punta_Arenas"),
    ("Saint Pierre Standard Time", "America/Miquelon"),
    ("Bahia Standard Time", "America/Bahia"),
    ("UTC-02", "Etc/GMT+2 America/Noronha Atlantic/South_Georgia"),
    ("Azores Standard Time", "Atlantic/Azores"),
    ("Cape Verde Standard Time", "Atlantic/Cape_Verde Etc/GMT+1"),
    ("UTC", "Etc/UTC UTC Etc/GMT Etc/Zulu Zulu Etc/UCT Etc/Universal"),
    (
        "GMT Standard Time",
        "Europe/London Europe/Dublin Europe/Lisbon Atlantic/Canary Atlantic/Madeira Atlantic/Faeroe "
        "Atlantic/Faroe Europe/Guernsey Europe/Isle_of_Man Europe/Jersey GB Portugal Eire",
    ),
    (
        "Greenwich Standard Time",
        "Atlantic/Reykjavik Africa/Abidjan Africa/Dakar Africa/Bamako Africa/Accra Africa/Ouagadougou "
        "Africa/Conakry Africa/Lome Africa/Monrovia Africa/Nouakchott Africa/Freetown Africa/Banjul "
        "Africa/Bissau Atlantic/St_Helena",
    ),
    ("Sao Tome Standard Time", "Africa/Sao_Tome"),
    ("Morocco Standard Time", "Africa/Casablanca Africa/El_Aaiun"),
    (
        "W. Europe Standard Time",
        "Europe/Berlin Europe/Amsterdam Europe/Luxembourg Europe/Monaco Europe/Zurich Europe/Rome "
        "Europe/Vienna Europe/Stockholm Europe/Oslo Europe/Andorra Europe/Malta Europe/San_Marino "
        "Europe/Vaduz Europe/Vatican Europe/Gibraltar Europe/Busingen Arctic/Longyearbyen",
    ),
    (
        "Central Europe Standard Time",
        "Europe/Budapest Europe/Prague Europe/Bratislava Europe/Ljubljana Europe/Belgrade "
        "Europe/Podgorica Europe/Tirane",
    ),
    ("Romance Standard Time", "Europe/Paris Europe/Brussels Europe/Madrid Europe/Copenhagen Africa/Ceuta"),
    ("Central European Standard Time", "Europe/Warsaw Europe/Zagreb Europe/Sarajevo Europe/Skopje"),
    (
        "W. Central Africa Standard Time",
        "Africa/Lagos Africa/Algiers Africa/Tunis Africa/Douala Africa/Libreville Africa/Brazzaville "
        "Africa/Kinshasa Africa/Niamey Africa/Ndjamena Africa/Porto-Novo Africa/Bangui Africa/Malabo "
        "Africa/Luanda Etc/GMT-1",
    ),
    ("Jordan Standard Time", "Asia/Amman"),
    ("GTB Standard Time", "Europe/Bucharest Europe/Athens Asia/Nicosia Asia/Famagusta"),
    ("Middle East Standard Time", "Asia/Beirut"),
    ("Egypt Standard Time", "Africa/Cairo"),
    ("E. Europe Standard Time", "Europe/Chisinau"),
    ("Syria Standard Time", "Asia/Damascus"),
    ("West Bank Standard Time", "Asia/Hebron Asia/Gaza"),
    (
        "South Africa Standard Time",
        "Africa/Johannesburg Africa/Harare Africa/Lubumbashi Africa/Bujumbura Africa/Kigali "
        "Africa/Gaborone Africa/Maputo Africa/Lusaka Africa/Blantyre Africa/Maseru Africa/Mbabane "
        "Etc/GMT-2",
    ),
    (
        "FLE Standard Time",
        "Europe/Kiev Europe/Kyiv Europe/Helsinki Europe/Sofia Europe/Tallinn Europe/Riga Europe/Vilnius "
        "Europe/Mariehamn",
    ),
    ("Israel Standard Time", "Asia/Jerusalem Asia/Tel_Aviv"),
    ("South Sudan Standard Time", "Africa/Juba"),
    ("Kaliningrad Standard Time", "Europe/Kaliningrad"),
    ("Sudan Standard Time", "Africa/Khartoum"),
    ("Libya Standard Time", "Africa/Tripoli"),
    ("Namibia Standard Time", "Africa/Windhoek"),
    ("Arabic Standard Time", "Asia/Baghdad"),
    ("Turkey Standard Time", "Europe/Istanbul Asia/Istanbul"),
    ("Arab Standard Time", "Asia/Riyadh Asia/Kuwait Asia/Qatar Asia/Bahrain Asia/Aden"),
    ("Belarus Standard Time", "Europe/Minsk"),
    ("Russian Standard Time", "Europe/Moscow Europe/Simferopol Europe/Kirov"),
    (
        "E. Africa Standard Time",
        "Africa/Nairobi Indian/Mayotte Indian/Comoro Indian/Antananarivo Africa/Djibouti "
        "Africa/Addis_Ababa Africa/Dar_es_Salaam Africa/Kampala Africa/Mogadishu Africa/Asmera "
        "Africa/Asmara Etc/GMT-3",
    ),
    ("Iran Standard Time", "Asia/Tehran"),
    ("Arabian Standard Time", "Asia/Dubai Asia/Muscat Etc/GMT-4"),
    ("Astrakhan Standard Time", "Europe/Astrakhan Europe/Ulyanovsk"),
    ("Azerbaijan Standard Time", "Asia/Baku"),
    ("Russia Time Zone 3", "Europe/Samara"),
    ("Mauritius Standard Time", "Indian/Mauritius Indian/Reunion Indian/Mahe"),
    ("Saratov Standard Time", "Europe/Saratov"),
    ("Georgian Standard Time", "Asia/Tbilisi"),
    ("Volgograd Standard Time", "Europe/Volgograd"),
    ("Caucasus Standard Time", "Asia/Yerevan"),
    ("Afghanistan Standard Time", "Asia/Kabul"),
    (
        "West Asia Standard Time",
        "Asia/Tashkent Asia/Samarkand Asia/Ashgabat Asia/Dushanbe Indian/Kerguelen Indian/Maldives Etc/GMT-5",
    ),
    ("Qyzylorda Standard Time", "Asia/Qyzylorda"),
    ("Ekaterinburg Standard Time", "Asia/Yekaterinburg"),
    ("Pakistan Standard Time", "Asia/Karachi"),
    ("India Standard Time", "Asia/Calcutta Asia/Kolkata"),
    ("Sri Lanka Standard Time", "Asia/Colombo"),
    ("Nepal Standard Time", "Asia/Katmandu Asia/Kathmandu"),
    ("Central Asia Standard Time", "Asia/Bishkek Asia/Urumqi Indian/Chagos Etc/GMT-6"),
    ("Bangladesh Standard Time", "Asia/Dhaka Asia/Thimphu"),
    ("Omsk Standard Time", "Asia/Omsk"),
    ("Myanmar Standard Time", "Asia/Rangoon Asia/Yangon Indian/Cocos"),
    (
        "SE Asia Standard Time",
        "Asia/Bangkok Asia/Saigon Asia/Ho_Chi_Minh Asia/Jakarta Asia/Vientiane Asia/Phnom_Penh "
        "Indian/Christmas Etc/GMT-7",
    ),
    ("Altai Standard Time", "Asia/Barnaul"),
    ("W. Mongolia Standard Time", "Asia/Hovd"),
    ("North Asia Standard Time", "Asia/Krasnoyarsk Asia/Novokuznetsk"),
    ("N. Central Asia Standard Time", "Asia/Novosibirsk"),
    ("Tomsk Standard Time", "Asia/Tomsk"),
    ("China Standard Time", "Asia/Shanghai Asia/Hong_Kong Asia/Macau"),
    ("North Asia East Standard Time", "Asia/Irkutsk"),
    ("Singapore Standard Time", "Asia/Singapore Asia/Kuala_Lumpur Asia/Manila Asia/Brunei Asia/Makassar Etc/GMT-8"),
    ("W. Australia Standard Time", "Australia/Perth"),
    ("Taipei Standard Time", "Asia/Taipei"),
    ("Ulaanbaatar Standard Time", "Asia/Ulaanbaatar"),
    ("Aus Central W. Standard Time", "Australia/Eucla"),
    ("Transbaikal Standard Time", "Asia/Chita"),
    ("Tokyo Standard Time", "Asia/Tokyo Pacific/Palau Asia/Jayapura Asia/Dili Etc/GMT-9"),
    ("North Korea Standard Time", "Asia/Pyongyang"),
    ("Korea Standard Time", "Asia/Seoul"),
    ("Yakutsk Standard Time", "Asia/Yakutsk Asia/Khandyga"),
    ("Cen. Australia Standard Time", "Australia/Adelaide Australia/Broken_Hill"),
    ("AUS Central Standard Time", "Australia/Darwin"),
    ("E. Australia Standard Time", "Australia/Brisbane Australia/Lindeman"),
    ("AUS Eastern Standard Time", "Australia/Sydney Australia/Melbourne"),
    (
        "West Pacific Standard Time",
        "Pacific/Port_Moresby Pacific/Guam Pacific/Saipan Pacific/Truk Antarctica/DumontDUrville Etc/GMT-10",
    ),
    ("Tasmania Standard Time", "Australia/Hobart"),
    ("Vladivostok Standard Time", "Asia/Vladivostok Asia/Ust-Nera"),
    ("Lord Howe Standard Time", "Australia/Lord_Howe"),
    ("Bougainville Standard Time", "Pacific/Bougainville"),
    ("Russia Time Zone 10", "Asia/Srednekolymsk"),
    ("Magadan Standard Time", "Asia/Magadan"),
    ("Norfolk Standard Time", "Pacific/Norfolk"),
    ("Sakhalin Standard Time", "Asia/Sakhalin"),
    (
        "Central Pacific Standard Time",
        "Pacific/Guadalcanal Pacific/Noumea Pacific/Efate Pacific/Ponape Pacific/Kosrae Etc/GMT-11",
    ),
    ("Russia Time Zone 11", "Asia/Kamchatka Asia/Anadyr"),
    ("New Zealand Standard Time", "Pacific/Auckland Antarctica/McMurdo"),
    (
        "UTC+12",
        "Etc/GMT-12 Pacific/Wallis Pacific/Tarawa Pacific/Majuro Pacific/Funafuti Pacific/Nauru Pacific/Wake",
    ),
    ("Fiji Standard Time", "Pacific/Fiji"),
    ("Chatham Islands Standard Time", "Pacific/Chatham"),
    ("UTC+13", "Etc/GMT-13 Pacific/Enderbury Pacific/Kanton Pacific/Fakaofo"),
    ("Tonga Standard Time", "Pacific/Tongatapu"),
    ("Samoa Standard Time", "Pacific/Apia"),
    ("Line Islands Standard Time", "Pacific/Kiritimati Etc/GMT-14"),
)

IANA: Final[dict[str, str]] = {windows: zones.split()[0] for windows, zones in _TABLE}
WINDOWS: Final[dict[str, str]] = {zone: windows for windows, zones in _TABLE for zone in zones.split()}
