GraphFuzz.main()
