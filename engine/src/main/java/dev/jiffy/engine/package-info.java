/// The engine's public face: load a model, open a session, run it.
///
/// A [dev.jiffy.engine.Model] is immutable and shared between threads; a [dev.jiffy.engine.Session]
/// belongs to one thread.
package dev.jiffy.engine;
