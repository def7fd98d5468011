"""The core: domain values, tables and questions. Knows no protocol, no reactor and no XML."""
