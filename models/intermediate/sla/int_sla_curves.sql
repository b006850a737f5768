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
        case when answered < at_risk then ln({{ ratio('at_risk - answered', 'at_risk') }}) end as log_step,
        case when answered = at_risk then 1 else 0 end as is_last_step

    from at_risk

    where answered > 0

),

curves as (

    select
        commitment,
        month,
        waited_minutes,
        case
            when max(is_last_step) over (
                partition by commitment, month
                order by waited_minutes
                rows between unbounded preceding and current row
            ) = 1 then cast(0 as double)
            -- Rounded, as a product of shares that is one half must not come out a hair above it.
            else round(exp(sum(log_step) over (
                partition by commitment, month
                order by waited_minutes
                rows between unbounded preceding and current row
            )), 12)
        end as unanswered_share

    from steps

)

select * from curves
