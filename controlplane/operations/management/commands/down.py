from controlplane.operations.management.offered import offered

Command = offered("down")
