-- One row per cohort, channel, pair of stages and age at which somebody converted: the Kaplan-Meier
-- share still unconverted after that age. Rejected, recycled and lost units stay at risk (glossary B2).
-- Kaplan, E. L. and Meier, P. (1958), Nonparametric estimation from incomplete observations.
with

conversions as (

    select * from {{ ref('int_conversions') }}

),

ages as (

    select
        cohort_month,
        channel,
        from_stage,
        to_stage,
        observed_days as age_days,
        count(*) as leaving,
        count(converted_date) as converted

    from conversions

    group by cohort_month, channel, from_stage, to_stage, observed_days

),

at_risk as (

    select
        *,
        sum(leaving) over (
            partition by cohort_month, channel, from_stage, to_stage
            order by age_days desc
            rows between unbounded preceding and current row
        ) as at_risk

    from ages

),

steps as (

    select
        cohort_month,
        channel,
        from_stage,
        to_stage,
        age_days,
        {{ survival_step('converted', 'at_risk') }}

    from at_risk

    where converted > 0

),

curves as (

    select
        cohort_month,
        channel,
        from_stage,
        to_stage,
        age_days,
        {{ product_of_steps('cohort_month, channel, from_stage, to_stage', 'age_days') }} as unconverted_share

    from steps

)

select * from curves
