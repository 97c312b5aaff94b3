import ArgumentParser

GraphFuzz.main()
