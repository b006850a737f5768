-- One row per commitment, month and wait at which somebody was answered: the Kaplan-Meier share still unanswered
-- after that wait. Who waits is censored at today, whoever was deleted at the deletion (glossary B8).
with

waits as (

    select * from {{ ref('int_sla_waits') }}

),

leaving as (

    select
        commitment,
        month,
        waited_minutes,
        count(*) as leaving,
        count(answered_at) as answered

    from waits

    group by commitment, month, waited_minutes

),

at_risk as (

    select
        *,
        sum(leaving) over (
            partition by commitment, month
            order by waited_minutes desc
            rows between unbounded preceding and current row
        ) as at_risk

    from leaving

),

steps as (

    select
        commitment,
        month,
        waited_minutes,
        {{ survival_step('answered', 'at_risk') }}

    from at_risk

    where answered > 0

),

curves as (

    select
        commitment,
        month,
        waited_minutes,
        {{ product_of_steps('commitment, month', 'waited_minutes') }} as unanswered_share

    from steps

)

select * from curves
