"""Values that flow through the program, errors, protocols and small tools. Imports no other room."""
