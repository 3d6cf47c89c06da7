/// From operators to kernels: what computes each node on this machine.
package dev.jiffy.engine.lower;
