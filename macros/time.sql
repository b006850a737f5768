{# The calendar day of a UTC instant in a time zone; both may be columns (glossary 0.4). #}
{% macro local_date(instant, zone) -%}
    {{ adapter.dispatch('local_date')(instant, zone) }}
{%- endmacro %}

{% macro duckdb__local_date(instant, zone) -%}
    cast({{ instant }} at time zone 'UTC' at time zone {{ zone }} as date)
{%- endmacro %}

{% macro spark__local_date(instant, zone) -%}
    cast(from_utc_timestamp({{ instant }}, {{ zone }}) as date)
{%- endmacro %}

{# The UTC instant at which a calendar day starts in a time zone. #}
{% macro day_start(day, zone) -%}
    {{ adapter.dispatch('day_start')(day, zone) }}
{%- endmacro %}

{% macro duckdb__day_start(day, zone) -%}
    (cast({{ day }} as timestamp) at time zone {{ zone }} at time zone 'UTC')
{%- endmacro %}

{% macro spark__day_start(day, zone) -%}
    to_utc_timestamp(cast({{ day }} as timestamp), {{ zone }})
{%- endmacro %}

{# The last second of a calendar day: the instant of what is known by its day only, such as a close date. #}
{% macro day_end(day, zone) -%}
    {{ day_start(add_days(day, 1), zone) }} - interval '1' second
{%- endmacro %}

{# The day so many days later; earlier with a negative number. #}
{% macro add_days(day, days) -%}
    {{ adapter.dispatch('add_days')(day, days) }}
{%- endmacro %}

{% macro duckdb__add_days(day, days) -%}
    cast({{ day }} + cast({{ days }} as integer) as date)
{%- endmacro %}

{% macro spark__add_days(day, days) -%}
    date_add({{ day }}, {{ days }})
{%- endmacro %}

{# The same day so many months later, or the last one of a shorter month. #}
{% macro add_months(month, months) -%}
    {{ adapter.dispatch('add_months')(month, months) }}
{%- endmacro %}

{% macro duckdb__add_months(month, months) -%}
    cast({{ month }} + to_months(cast({{ months }} as integer)) as date)
{%- endmacro %}

{% macro spark__add_months(month, months) -%}
    add_months({{ month }}, {{ months }})
{%- endmacro %}

{# Calendar days from one date to another. #}
{% macro days_between(first, last) -%}
    {{ adapter.dispatch('days_between')(first, last) }}
{%- endmacro %}

{% macro duckdb__days_between(first, last) -%}
    date_diff('day', {{ first }}, {{ last }})
{%- endmacro %}

{% macro spark__days_between(first, last) -%}
    datediff({{ last }}, {{ first }})
{%- endmacro %}

{# The first day of a date's month, as a date. #}
{% macro month_of(day) -%}
    cast(date_trunc('month', {{ day }}) as date)
{%- endmacro %}

{# Monday is 1, Sunday 7. #}
{% macro weekday_iso(day) -%}
    {{ adapter.dispatch('weekday_iso')(day) }}
{%- endmacro %}

{% macro duckdb__weekday_iso(day) -%}
    isodow({{ day }})
{%- endmacro %}

{% macro spark__weekday_iso(day) -%}
    weekday({{ day }}) + 1
{%- endmacro %}

{# Every day from first to last, one row each, as a subquery with the column date_day. #}
{% macro day_spine(first, last) -%}
    {{ adapter.dispatch('day_spine')(first, last) }}
{%- endmacro %}

{% macro duckdb__day_spine(first, last) -%}
    (select cast(unnest(generate_series({{ first }}, {{ last }}, interval '1' day)) as date) as date_day)
{%- endmacro %}

{% macro spark__day_spine(first, last) -%}
    (select explode(sequence({{ first }}, {{ last }}, interval '1' day)) as date_day)
{%- endmacro %}

{# The first day of the fiscal year of a month (glossary 0.5). #}
{% macro fiscal_year_start(month, start_month) -%}
    {{ add_months(month, '-cast((extract(month from ' ~ month ~ ') - ' ~ start_month ~ ' + 12) % 12 as integer)') }}
{%- endmacro %}

{# The first day of the fiscal quarter of a month (glossary 0.5). #}
{% macro fiscal_quarter_start(month, start_month) -%}
    {{ add_months(month, '-cast((extract(month from ' ~ month ~ ') - ' ~ start_month ~ ' + 12) % 3 as integer)') }}
{%- endmacro %}

{# The UTC instant at which a clock on the wall of a time zone shows `09:00` on a day. #}
{% macro wall_clock(day, time, zone) -%}
    {{ day_start("(cast(" ~ day ~ " as varchar) || ' ' || " ~ time ~ " || ':00')", zone) }}
{%- endmacro %}

{# Whole seconds from one instant to another. #}
{% macro seconds_between(first, last) -%}
    {{ adapter.dispatch('seconds_between')(first, last) }}
{%- endmacro %}

{% macro duckdb__seconds_between(first, last) -%}
    date_diff('second', {{ first }}, {{ last }})
{%- endmacro %}

{% macro spark__seconds_between(first, last) -%}
    (cast({{ last }} as bigint) - cast({{ first }} as bigint))
{%- endmacro %}

{# The instant so many seconds later. #}
{% macro add_seconds(instant, seconds) -%}
    ({{ instant }} + interval '1' second * cast({{ seconds }} as bigint))
{%- endmacro %}
