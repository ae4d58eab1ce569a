# A Telnet client with python's telnetlib: connects to the port given and joins it to its own input and output.
import sys, telnetlib
telnetlib.Telnet('127.0.0.1', int(sys.argv[1])).interact()
