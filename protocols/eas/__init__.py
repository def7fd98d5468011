"""Exchange ActiveSync 12.1, 14.0 and 14.1 for calendars (MS-ASHTTP, MS-ASCMD, MS-ASCAL, MS-ASWBXML)."""
