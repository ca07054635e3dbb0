"""Checks OpenLineage events, JSON lines on standard input, against the classes that the OpenLineage project
generates from its JSON Schema (openlineage-python): unknown fields, missing ones, wrong types, UUIDs, times and
schema URLs are errors. Prints `ok COUNT`."""
import inspect, json, sys
from openlineage.client.generated import (
    base, error_message_run, job_type_job, nominal_time_run, output_statistics_output_dataset, parent_run,
    schema_dataset, sql_job)

FACETS = {
    "parent": parent_run.ParentRunFacet, "nominalTime": nominal_time_run.NominalTimeRunFacet,
    "errorMessage": error_message_run.ErrorMessageRunFacet, "jobType": job_type_job.JobTypeJobFacet,
    "sql": sql_job.SQLJobFacet, "schema": schema_dataset.SchemaDatasetFacet,
    "outputStatistics": output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet,
}
NESTED = {
    ("parent", "run"): parent_run.Run, ("parent", "job"): parent_run.Job,
    ("schema", "fields"): schema_dataset.SchemaDatasetFacetFields,
}


def facet(name, value):
    kind = FACETS[name]
    value = dict(value)
    assert value.pop("_schemaURL") == kind._get_schema(), (name, kind._get_schema())
    assert value.pop("_producer").startswith("https://")
    for key, item in value.items():
        nested = NESTED.get((name, key))
        if nested and isinstance(item, list):
            value[key] = [nested(**part) for part in item]
        elif nested:
            value[key] = nested(**item)
    return kind(**value)


def facets(values):
    return {name: facet(name, value) for name, value in values.items()}


def dataset(kind, value):
    value = dict(value)
    for key in ("facets", "outputFacets", "inputFacets"):
        if key in value:
            value[key] = facets(value[key])
    return kind(**value)


count = 0
for line in sys.stdin:
    event = json.loads(line)
    assert event.pop("schemaURL") == base.RunEvent._get_schema()
    run = base.Run(runId=event["run"]["runId"], facets=facets(event["run"]["facets"]))
    job = base.Job(**{**event["job"], "facets": facets(event["job"]["facets"])})
    base.RunEvent(
        eventTime=event.pop("eventTime"), producer=event.pop("producer"), run=run, job=job,
        eventType=base.EventType(event.pop("eventType")),
        inputs=[dataset(base.InputDataset, item) for item in event.pop("inputs")],
        outputs=[dataset(base.OutputDataset, item) for item in event.pop("outputs")])
    del event["run"], event["job"]
    assert not event, event
    count += 1
print("ok", count)
