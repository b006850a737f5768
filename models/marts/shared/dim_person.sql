-- One row per person, excluded ones too, with the rule that hit. No e-mail, name or phone.
with

persons as (

    select * from {{ ref('int_persons') }}

),

unmatched_people as (

    select * from {{ ref('int_unmatched_people') }}

),

first_touches as (

    select * from {{ ref('int_first_touches') }}

),

channels as (

    select * from {{ source('definitions', 'channels') }}

),

customers as (

    select * from {{ ref('int_customers') }}

),

stage_cycles as (

    select * from {{ ref('int_stage_cycles') }}

),

current_stages as (

    select
        person_id,
        stage

    from stage_cycles

    qualify row_number() over (
        partition by person_id
        order by cycle_number desc, occurred_at desc, stage_order desc
    ) = 1

)

select
    persons.person_id,
    persons.account_id,
    case channels.channel_group
        when 'sales' then 'sales'
        when 'partner' then 'partner'
        when 'unknown' then 'unknown'
        else 'marketing'
    end as person_origin,
    coalesce(current_stages.stage, 'lead') as current_stage,
    coalesce(first_touches.channel, 'unattributed') as channel,
    persons.match_method as account_match_method,
    persons.match_tie_breaker as account_match_tie_breaker,
    unmatched_people.reason as unmatched_reason,
    persons.exclusion_rule,
    persons.source_systems,
    persons.match_score as account_match_score,
    persons.match_candidates as account_match_candidates,
    customers.account_id is not null as is_customer,
    persons.is_excluded,
    persons.created_date,
    persons.created_at

from persons

left join unmatched_people
    on persons.person_id = unmatched_people.person_id

left join first_touches
    on persons.person_id = first_touches.person_id

left join channels
    on coalesce(first_touches.channel, 'unattributed') = channels.channel

left join customers
    on persons.account_id = customers.account_id

left join current_stages
    on persons.person_id = current_stages.person_id
