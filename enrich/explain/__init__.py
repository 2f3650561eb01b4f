"""All that is known of one address, in a way that a person believes: ``enrich explain``.

Nobody is asked. What the address means comes from the kinds, what was found out from the cache, and what happens
next from the same rules that a run follows. `address` reads what was given, `facts` collects, `reasoning` puts rules
into sentences, `text` prints.
"""
