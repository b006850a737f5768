{#
    Who bought, as a sale tells it: a number in its system, an e-mail address, both or neither. The same
    text where buyers are looked up and where they are known by.
#}
{% macro buyer_id(relation) -%}
    {{ relation }}.source_system
    || ':' || coalesce({{ relation }}.account_number, {{ relation }}.customer_number, '')
    || ':' || coalesce({{ relation }}.email_key, '')
{%- endmacro %}

{# What an amount paid each so many intervals makes a month (glossary C5): 52 weeks or 365 days a year. #}
{% macro monthly_amount(amount, billing_interval, interval_count) -%}
    cast(
        case {{ billing_interval }}
            when 'month' then {{ ratio(amount, interval_count) }}
            when 'quarter' then {{ ratio(amount, '3 * ' ~ interval_count) }}
            when 'half_year' then {{ ratio(amount, '6 * ' ~ interval_count) }}
            when 'year' then {{ ratio(amount, '12 * ' ~ interval_count) }}
            when 'week' then {{ ratio('52 * ' ~ amount, '12 * ' ~ interval_count) }}
            when 'day' then {{ ratio('365 * ' ~ amount, '12 * ' ~ interval_count) }}
        end as decimal(18, 6)
    )
{%- endmacro %}

{# The person of each e-mail key: of two that share one the same on every run. #}
{% macro persons_by_email(person_records) -%}
    select
        email_key,
        min(person_id) as person_id

    from {{ person_records }}

    where email_key is not null

    group by email_key
{%- endmacro %}
