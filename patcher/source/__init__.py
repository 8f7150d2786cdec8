"""The C front end: a translation unit in, facts out. The only importer of libclang."""
