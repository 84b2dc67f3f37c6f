//! What a list of slices says.

/// One slice of a base and the slice of a case right after it, as often as there were rounds: µs of
/// Envoy's CPU time per request.
#[derive(Debug, Default)]
pub(crate) struct Samples {
    base: Vec<f64>,
    case: Vec<f64>,
}

/// A median, and between what the middle half lies.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) quarter: f64,
    pub(crate) three_quarters: f64,
}

impl Samples {
    pub(crate) fn add(&mut self, base: f64, case: f64) {
        self.base.push(base);
        self.case.push(case);
    }

    /// Whether the case was not measured here.
    pub(crate) fn is_empty(&self) -> bool {
        self.case.is_empty()
    }

    /// How many times the base the case is. Both slices of a pair had nearly the same neighbours, so
    /// their ratio says more than the times do.
    pub(crate) fn ratio(&self) -> Spread {
        Spread::of(
            self.base
                .iter()
                .zip(&self.case)
                .map(|(base, case)| case / base)
                .collect(),
        )
    }

    /// How much more the case takes in its quietest tenth than the base in its own.
    pub(crate) fn extra_when_quiet(&self) -> f64 {
        quiet(self.case.clone()) - quiet(self.base.clone())
    }

    /// What the base takes.
    pub(crate) fn base(&self) -> Spread {
        Spread::of(self.base.clone())
    }
}

impl Spread {
    pub(crate) fn of(values: Vec<f64>) -> Self {
        Self {
            median: quantile(values.clone(), 0.5),
            quarter: quantile(values.clone(), 0.25),
            three_quarters: quantile(values, 0.75),
        }
    }
}

/// What values come to where nothing disturbs: a tenth of them are below.
pub(crate) fn quiet(values: Vec<f64>) -> f64 {
    quantile(values, 0.1)
}

/// The value below which this share of the values lies, interpolated.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a position in a short list"
)]
fn quantile(mut values: Vec<f64>, share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let position = share * (values.len() - 1) as f64;
    let (below, above) = (position.floor() as usize, position.ceil() as usize);
    let weight = position - position.floor();
    values[below] * (1.0 - weight) + values[above] * weight
}
