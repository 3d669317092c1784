"""Field-service vendors in one PostgreSQL warehouse: dags say when, this package says how, SQL says what."""
