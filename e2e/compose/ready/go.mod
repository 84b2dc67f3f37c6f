module treaty.dev/e2e/compose/ready

go 1.26.0
