internal import ArgumentParser
internal import Glibc

signal(SIGPIPE, SIG_IGN)
ServeLoad.main()
