"""OPI's command lines: `oint twitter …`, read as 1C's Open Integration Package reads them, against today's X."""
