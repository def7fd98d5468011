"""The folder into which EDT and Pronote put their exports: a drop box in WebDAV's terms."""
