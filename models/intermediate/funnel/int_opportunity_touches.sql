{{ config(materialized='table') }}

-- One row per deal and touch of the people it is made with: its contacts, and whoever belongs to its account.
-- From the lookback before the deal was created until it closed, or until today (glossary E, B13).
with

opportunities as (

    select * from {{ ref('int_opportunities') }}

),

opportunity_contacts as (

    select * from {{ ref('int_opportunity_contacts') }}

),

persons as (

    select * from {{ ref('int_persons') }}

),

touches as (

    select * from {{ ref('int_touches') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

deals as (

    select
        opportunities.opportunity_id,
        opportunities.account_id,
        opportunities.created_at,
        opportunities.closed_at,
        {{ add_seconds(
            'opportunities.created_at', '-86400 * ' ~ parameter('definitions', 'lookback_days')
        ) }} as looks_back_to

    from opportunities

    cross join settings

    {{ definition_join('definitions', 'pipeline_created', 'coalesce(opportunities.created_date, settings.as_of)') }}

    where not opportunities.is_deleted

),

people as (

    select opportunity_id, person_id
    from opportunity_contacts

    union distinct

    select deals.opportunity_id, persons.person_id
    from deals
    inner join persons
        on deals.account_id = persons.account_id

),

final as (

    select
        deals.opportunity_id,
        touches.touch_id,
        touches.person_id,
        touches.channel,
        touches.campaign_id,
        touches.is_marketing,
        touches.touched_at <= deals.created_at as is_before_creation,
        touches.touched_at

    from deals

    inner join people
        on deals.opportunity_id = people.opportunity_id

    -- Tests, colleagues and bots are nobody's touches.
    inner join persons
        on
            people.person_id = persons.person_id
            and not persons.is_excluded

    inner join touches
        on
            people.person_id = touches.person_id
            and touches.touched_at >= deals.looks_back_to
            and (deals.closed_at is null or touches.touched_at <= deals.closed_at)

)

select * from final
