"""Running a run on many machines: shards of its hosts, each asked by one worker at a time.

Where and when a shard is worked on is the affair of an engine that exists (`dask`); what was found, who owns what, and
until when is kept in PostgreSQL. What surprised us: most of a distributed crawler is about hosts that two workers could
ask at once. So a shard holds whole sites, a redirect to another shard's host is not followed by the worker that met
it, and what a worker could not tell by itself is asked at the end by the driver, when nobody else asks.
"""
