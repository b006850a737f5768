{{ config(materialized='table') }}

{#
    Connected components. Records of one e-mail address are one node, named by the smallest record id among
    them; links join nodes. Each round turns the links of a component further into a star around its smallest
    node (Kiveris et al., Connected Components in MapReduce and Beyond, 2014): first everything larger than a
    node is linked to the node's smallest neighbour, then everything smaller. The links shorten at least by
    half each round, so that few rounds reach along chains of dozens of records (tests/unit/test_identity.py);
    `no_link_joins_two_persons` blocks the build should one ever be longer.
#}
{% set rounds = 6 %}

-- One row per record: the person it belongs to (glossary 0.7).
with

records as (

    select * from {{ ref('int_records_unioned') }}

),

links as (

    select * from {{ ref('int_record_links') }}

),

ends as (

    select end_number
    from (
        values (1), (2)
    ) as numbers (end_number)

),

nodes as (

    select
        *,
        case
            when email_key is null then record_id
            else min(record_id) over (partition by email_key)
        end as node_id

    from records

),

stars_0 as {{ computed_once() }} (

    select distinct
        greatest(nodes.node_id, linked_nodes.node_id) as node_id,
        least(nodes.node_id, linked_nodes.node_id) as smaller_id

    from links

    inner join nodes
        on links.record_id = nodes.record_id

    inner join nodes as linked_nodes
        on links.linked_record_id = linked_nodes.record_id

    where nodes.node_id != linked_nodes.node_id

),

{% for round in range(1, rounds + 1) %}
neighbours_{{ round }} as (

    select
        case when ends.end_number = 1 then stars.node_id else stars.smaller_id end as node_id,
        case when ends.end_number = 1 then stars.smaller_id else stars.node_id end as neighbour_id

    from stars_{{ round - 1 }} as stars

    cross join ends

),

smallest_neighbours_{{ round }} as (

    select
        node_id,
        neighbour_id,
        least(node_id, min(neighbour_id) over (partition by node_id)) as smallest_id

    from neighbours_{{ round }}

),

larger_linked_{{ round }} as (

    select distinct
        neighbour_id as node_id,
        smallest_id as smaller_id

    from smallest_neighbours_{{ round }}

    where neighbour_id > node_id

),

smallest_of_smaller_{{ round }} as (

    select
        node_id,
        smaller_id,
        min(smaller_id) over (partition by node_id) as smallest_id

    from larger_linked_{{ round }}

),

stars_{{ round }} as {{ computed_once() }} (

    select distinct
        case when ends.end_number = 1 then smaller.node_id else smaller.smaller_id end as node_id,
        smaller.smallest_id as smaller_id

    from smallest_of_smaller_{{ round }} as smaller

    cross join ends

    where ends.end_number = 1 or smaller.smaller_id != smaller.smallest_id

),

{% endfor %}
centres as (

    select
        node_id,
        min(smaller_id) as person_id

    from stars_{{ rounds }}

    group by node_id

),

person_records as (

    select
        nodes.*,
        coalesce(centres.person_id, nodes.node_id) as person_id,
        -- Gone, and not by a merge into a record that no export holds.
        nodes.is_deleted
        and (nodes.master_record_id is null or masters.record_id is not null) as is_gone

    from nodes

    left join centres
        on nodes.node_id = centres.node_id

    left join records as masters
        on nodes.master_record_id = masters.record_id

),

final as (

    select
        record_id,
        person_id,
        source_system,
        email_key,
        email_domain,
        account_id,
        converted_record_id,
        master_record_id,
        company_name,
        channel_source,
        campaign_name,
        is_test_name,
        is_deleted,
        -- A merged record lives on in its master, as long as anything of the person does; any other deleted
        -- record has left.
        is_deleted and (
            master_record_id is null
            or min(case when is_gone then 1 else 0 end) over (partition by person_id) = 1
        ) as has_left,
        created_at

    from person_records

)

select * from final
