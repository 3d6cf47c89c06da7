/// Loading of models: the only place where a served model comes from.
package dev.jiffy.server.store;
