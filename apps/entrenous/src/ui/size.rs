/// `bytes` as people read them: `999 bytes`, `1.5 MB`.
pub(crate) fn size(bytes: u64) -> String {
    if bytes < 1_000 {
        return format!("{bytes} bytes");
    }
    let mut rest = bytes;
    for unit in ["kB", "MB", "GB", "TB", "PB"] {
        if rest < 1_000_000 {
            let (whole, tenth) = (rest / 1_000, rest % 1_000 / 100);
            return format!("{whole}.{tenth} {unit}");
        }
        rest /= 1_000;
    }
    format!("{}.{} EB", rest / 1_000, rest % 1_000 / 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_a_unit() {
        for (bytes, shown) in [
            (0, "0 bytes"),
            (999, "999 bytes"),
            (1_000, "1.0 kB"),
            (999_999, "999.9 kB"),
            (1_500_000, "1.5 MB"),
            (u64::MAX, "18.4 EB"),
        ] {
            assert_eq!(size(bytes), shown);
        }
    }
}
