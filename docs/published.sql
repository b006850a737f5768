-- Closes the DuckDB command line around the file that it opens, for good. How to use it: published-file.md.
set temp_directory = '';
set TimeZone = 'UTC';
-- What may still be set once the settings are locked: the next statement but one, and where DuckDB's package
-- from PyPI looks for extensions (none can be loaded any more).
set allowed_configs = ['disabled_filesystems', 'extension_directories'];
.safe_mode
-- Safe mode leaves open the file itself, which a `copy` could overwrite.
set disabled_filesystems = 'LocalFileSystem';
