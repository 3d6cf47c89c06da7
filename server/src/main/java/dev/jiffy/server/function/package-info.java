/// Functions in Java that are steps of ensembles, between models: some that are always there, and
/// those that a program brings.
package dev.jiffy.server.function;
