/// A request to a model as both protocols know it: checked against the model on the way in, and
/// made an answer of the protocol on the way out.
package dev.jiffy.server.call;
