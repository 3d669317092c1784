"""The pages inside Airflow's UI: rendered on the server, readable without JavaScript."""
