/// What the store keeps on the disk: the embedded database, and the file beside it that contradicts
/// it when commits were lost.
///
///     store ──► Derby ──► DerbyDataSource: connections for the pool and for the migrations
///               │  └────► DerbyMessages: what Derby says, in the log
///               ├────► DerbyFault: what its exceptions mean; PageDumps: what of them nobody may read
///               ├────► Catalogue: the files and tables that a database says it has
///               └────► ReportedDamage: what DerbyMessages has heard of damage
///     store ──► HighWaterMark: the last CommitHead that was acknowledged
///     store ──► Durably: file operations that last
///     store ──► FolderOwner: what root has made in a data folder, or of its backups, becomes its owner's
///
/// - **threads**: none of its own; a connection belongs to the thread that uses it, the mark to the
///   committer's thread and the keeper's
/// - **uses**: nothing else of the server; only the store uses it
@NullMarked
package org.hearth.server.store.derby;

import org.jspecify.annotations.NullMarked;
