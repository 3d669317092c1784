# The image for Astro, or for any place that runs Airflow from a container. The local stack does not need it.
FROM astrocrpublic.azurecr.io/runtime:3.3-8-python-3.12

# The base image installs packages.txt and requirements.txt and copies the project to /usr/local/airflow.
# Airflow itself puts only dags/ and plugins/ on the path; include/ and callbacks are found from the root.
ENV PYTHONPATH="/usr/local/airflow:/usr/local/airflow/plugins:${PYTHONPATH}"

# No telemetry, no example DAGs.
ENV AIRFLOW__USAGE_DATA_COLLECTION__ENABLED=False \
    AIRFLOW__CORE__LOAD_EXAMPLES=False
