"""The lab: every server a set of kernel namespaces, to step into. Nothing of it is left when its process ends.

The keeper (keeper.py) runs beside the product and has, for each server, a *place* (place.py): two network namespaces
joined by a cable. On one side programs run, as root of a user namespace of their own. On the other are the listening
sockets of the metadata service and of IBM's API hosts; the keeper serves them from outside, where the database is.
"""
