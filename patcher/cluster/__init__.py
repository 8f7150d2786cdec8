"""Units of work on many machines, by dask.distributed: its scheduler, its workers, its TLS; or here, by processes
without it. Nothing else knows dask."""
