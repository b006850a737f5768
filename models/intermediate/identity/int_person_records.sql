{{ config(materialized='table') }}

{#
    Connected components by label propagation: each round takes the smallest record id among the
    records of one e-mail, then among the records that a conversion or a merge links. Real chains
    (marketing record, lead, converted contact, second marketing record) need three rounds; the
    test `no_link_joins_two_persons` blocks the build should a longer one appear.
#}
{% set rounds = 4 %}

-- One row per record: the person it belongs to (glossary 0.7).
with

records as (

    select * from {{ ref('int_records_unioned') }}

),

links as (

    select * from {{ ref('int_record_links') }}

),

links_both_ways as (

    select record_id, linked_record_id from links

    union all

    select linked_record_id, record_id from links

),

labels_0 as (

    select
        record_id,
        email_key,
        record_id as label

    from records

),

{% for round in range(1, rounds + 1) %}
by_email_{{ round }} as (

    select
        record_id,
        email_key,
        case
            when email_key is null then label
            else min(label) over (partition by email_key)
        end as label

    from labels_{{ round - 1 }}

),

linked_{{ round }} as (

    select
        links_both_ways.record_id,
        min(neighbours.label) as label

    from links_both_ways

    inner join by_email_{{ round }} as neighbours
        on links_both_ways.linked_record_id = neighbours.record_id

    group by links_both_ways.record_id

),

labels_{{ round }} as (

    select
        by_email_{{ round }}.record_id,
        by_email_{{ round }}.email_key,
        least(
            by_email_{{ round }}.label,
            coalesce(linked_{{ round }}.label, by_email_{{ round }}.label)
        ) as label

    from by_email_{{ round }}

    left join linked_{{ round }}
        on by_email_{{ round }}.record_id = linked_{{ round }}.record_id

),

{% endfor %}
person_records as (

    select
        records.record_id,
        labels_{{ rounds }}.label as person_id,
        records.source_system,
        records.email_key,
        records.email_domain,
        records.account_id,
        records.converted_record_id,
        records.master_record_id,
        records.channel_source,
        records.campaign_name,
        records.is_test_name,
        records.is_deleted,
        -- A merged record lives on in its master; any other deleted record has left.
        records.is_deleted and records.master_record_id is null as has_left,
        records.created_at

    from records

    inner join labels_{{ rounds }}
        on records.record_id = labels_{{ rounds }}.record_id

)

select * from person_records
