"""The lab runs each server as a set of kernel namespaces that a user can enter. It ends with its process.

The lab process (lab_process.py) runs beside the product. For each server it has a ``ServerNamespace``: two network
namespaces connected by a veth pair. Programs run on one side, as root of a user namespace of their own. The other side
has the listening sockets of the metadata service and of IBM's API hosts; the lab process serves them from outside,
where the database is.
"""
