"""Months of claims by DuckDB: one statement a rule, findings to Parquet.

What it is given: the process, the connection and the tables of knowledge, all of which are there before the clock
starts. Then it reads the claims, once, as columns that all rules share, and runs the statements. Afterwards, not timed,
the findings are told as JSON where `--findings` names a file.
"""

import argparse
import glob
import json
import pathlib
import time

import duckdb

# What every rule reads, read once, with numbers in place of the keys and codes that are joined and grouped by: for twenty
# statements, and for four, this takes less time than reading the files for each of them.
SHARED = """
CREATE TEMP TABLE people AS
    SELECT row_number() OVER () AS person, patient FROM read_parquet('{claims}/patients.parquet');
CREATE TEMP TABLE visits AS
    SELECT row_number() OVER () AS visit, encounter, person, "visit-types" = '2' AS is_stay,
           "admission-days" AS admission, "discharge-days" AS discharge
    FROM read_parquet('{claims}/encounters.parquet') AS encounters JOIN people ON people.patient = encounters.patients
    WHERE current;
CREATE TEMP TABLE lines AS
    SELECT "order" AS line, visit, person, used_items.number AS item, days AS day, quantities AS quantity
    FROM read_parquet('{claims}/orders-*.parquet') AS orders
    JOIN used_items ON used_items.item = orders.items JOIN visits ON visits.encounter = orders.encounters;
CREATE TEMP TABLE diagnoses AS
    SELECT visit, codes AS diagnosis
    FROM read_parquet('{claims}/diagnoses.parquet') AS diagnoses JOIN visits ON visits.encounter = diagnoses.encounters;
"""

# The lines of limited items, less those whose visit has a diagnosis of the item.
DIAGNOSIS = """
WITH limited AS (SELECT line, visit, item FROM lines WHERE item IN (SELECT item FROM diagnosis_limits_{set})),
fitting AS (
    SELECT line FROM limited JOIN diagnoses USING (visit) JOIN diagnosis_limits_{set} USING (item, diagnosis)
)
SELECT 'DIA-{set}' AS rule, line AS "row", '' AS other, 0 AS found FROM limited ANTI JOIN fitting USING (line)
"""

QUANTITY = """
SELECT 'QTY-{set}' AS rule, min(line) AS "row", '' AS other, sum(quantity)::BIGINT AS found
FROM lines JOIN daily_quantities_{set} USING (item)
GROUP BY person, day, item HAVING sum(quantity) > any_value(maximum)
"""

PAIR = """
WITH paired AS (
    SELECT person, day, item, min(line) AS line FROM lines
    WHERE item IN (SELECT first FROM exclusive_pairs_{set} UNION SELECT second FROM exclusive_pairs_{set})
    GROUP BY person, day, item
)
SELECT 'PAR-{set}' AS rule, one.line AS "row", two.line AS other, 0 AS found
FROM paired AS one JOIN exclusive_pairs_{set} AS pair ON pair.first = one.item
JOIN paired AS two ON two.person = one.person AND two.day = one.day AND two.item = pair.second
"""

READMISSION = """
SELECT 'REA-{set}' AS rule, later.encounter AS "row", earlier.encounter AS other,
       (later.admission - earlier.discharge)::BIGINT AS found
FROM visits AS later JOIN visits AS earlier USING (person)
WHERE later.is_stay AND earlier.is_stay AND later.encounter <> earlier.encounter
  AND later.admission - earlier.discharge BETWEEN 0 AND (SELECT days FROM readmissions_{set})
"""

FAMILIES = [DIAGNOSIS, QUANTITY, PAIR, READMISSION]

# The tables of a set, from the rows `given` of a file; items by number.
KNOWLEDGE = {
    "diagnosis-limits": "SELECT number AS item, diagnosis FROM given JOIN used_items USING (item)",
    "daily-quantities": "SELECT number AS item, maximum::DECIMAL(18, 4) AS maximum FROM given JOIN used_items USING (item)",
    "exclusive-pairs": "SELECT one.number AS first, two.number AS second FROM given"
    " JOIN used_items AS one ON one.item = first JOIN used_items AS two ON two.item = second",
    "readmissions": "SELECT days::BIGINT AS days FROM given",
}


def know(connection, tables, sets):
    """Reads the tables of knowledge, one for each set."""
    def rows(name):
        return f"FROM read_csv('{tables}/{name}.csv', all_varchar = true)"

    items = " UNION ".join(
        f"SELECT {column} AS item {rows(name)}"
        for name, column in [
            ("diagnosis-limits", "item"),
            ("daily-quantities", "item"),
            ("exclusive-pairs", "first"),
            ("exclusive-pairs", "second"),
        ]
    )
    connection.execute(f"CREATE TEMP TABLE used_items AS SELECT row_number() OVER () AS number, item FROM ({items})")
    for name, query in KNOWLEDGE.items():
        for number in range(1, sets + 1):
            table = f"{name.replace('-', '_')}_{number}"
            given = f"WITH given AS (SELECT * {rows(name)} WHERE set::BIGINT = {number})"
            connection.execute(f"CREATE TEMP TABLE {table} AS {given} {query}")


def review(connection, claims, sets, out):
    """Reads the claims and runs a statement for each rule; seconds."""
    started = time.perf_counter()
    connection.execute(SHARED.format(claims=claims))
    for number in range(1, sets + 1):
        for place, statement in enumerate(FAMILIES):
            query = statement.format(set=number)
            connection.execute(f"COPY ({query}) TO '{out}/{number}-{place}.parquet' (COMPRESSION zstd)")
    return time.perf_counter() - started


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("claims", help="folder of Parquet files")
    arguments.add_argument("tables", help="folder of knowledge")
    arguments.add_argument("out", help="folder for findings")
    arguments.add_argument("--sets", type=int, required=True, help="1: four rules, 5: twenty")
    arguments.add_argument("--threads", type=int, default=1)
    arguments.add_argument("--findings", type=pathlib.Path, help="file that findings are told in")
    given = arguments.parse_args()
    connection = duckdb.connect()
    connection.execute(f"SET threads = {given.threads}")
    # Rows may come out in any order, which lets it keep none in mind.
    connection.execute("SET preserve_insertion_order = false")
    know(connection, given.tables, given.sets)
    seconds = review(connection, given.claims, given.sets, given.out)
    if given.findings:
        rows = connection.execute(f"SELECT rule, \"row\", other, found FROM '{given.out}/*.parquet'").fetchall()
        named = [dict(zip(("rule", "row", "other", "found"), row)) for row in rows]
        given.findings.write_text(json.dumps(named))
    files = len(glob.glob(f"{given.out}/*.parquet"))
    print(json.dumps({"seconds": seconds, "statements": files, "version": duckdb.__version__}))


if __name__ == "__main__":
    main()
