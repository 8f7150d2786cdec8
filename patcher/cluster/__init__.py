"""Units of work on many machines, by dask.distributed: its scheduler, its workers, its TLS. Nothing else knows dask."""
