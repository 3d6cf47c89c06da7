/// The engine's public face: a model file in, answers out.
package dev.jiffy.engine;
