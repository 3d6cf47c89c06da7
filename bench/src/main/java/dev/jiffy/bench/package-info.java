/// Measurements of the engine, and comparisons with other runtimes.
package dev.jiffy.bench;
