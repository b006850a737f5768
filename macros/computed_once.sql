{#
    What stands between `as` and the query of a CTE that is read several times by a long chain of others. DuckDB
    writes a CTE out at each place that reads it, and plans it there anew: of a chain in which each link reads
    the one before twice, sixty-four times.
#}
{% macro computed_once() -%}
    {{ adapter.dispatch('computed_once')() }}
{%- endmacro %}

{% macro duckdb__computed_once() -%}
    materialized
{%- endmacro %}

{# Spark decides by itself. #}
{% macro spark__computed_once() -%}
{%- endmacro %}
