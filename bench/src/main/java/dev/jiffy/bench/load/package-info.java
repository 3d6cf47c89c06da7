/// A load generator: when requests arrive, what they are made of, what answers them, and whether
/// the result can be trusted.
package dev.jiffy.bench.load;
