/// What happened to every request of a run, and the figures that follow from it.
package dev.jiffy.bench.record;
