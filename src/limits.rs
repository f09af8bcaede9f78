//! Every bound, with its unit and its reason.
//!
//! A bound on what a peer may send is tried at n and n + 1 by a test beside the code that holds to
//! it. The others (buffers, timeouts, rounds, what one process remembers) are our own measure.
//!
//! S3's own limits: <https://docs.aws.amazon.com/general/latest/gr/s3.html> and
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html>

use std::time::Duration;

/// Request line and headers together, in bytes. AWS bounds the header section to 8 KiB beside the
/// line; presigned URLs with session tokens and proxies' additions want some more.
pub const HEAD_BYTES_MAX: usize = 16 * 1024;
/// Header fields in one request: AWS SDKs send about twenty, metadata at most some hundred.
pub const HEADERS_MAX: usize = 128;
/// Empty lines before a request line (RFC 9112 section 2.2: some clients send one after a body).
pub const LEADING_EMPTY_LINES_MAX: usize = 2;
/// A chunk-size line with its extension, or one trailer line, in bytes: `chunk-signature=` and 64
/// hex digits need 100, a trailer with a base64 SHA-256 and its name about as much.
pub const CHUNK_LINE_BYTES_MAX: usize = 1024;
/// Trailer lines after the last chunk: one checksum and one signature are all that S3 knows.
pub const TRAILERS_MAX: usize = 16;
/// A request body that is parsed as XML, in bytes: 1,000 keys of 1,024 bytes, each byte escaped as
/// `&#xNN;`, would be more; AWS stops at 2 MB too.
pub const XML_BYTES_MAX: usize = 2 * 1024 * 1024;
/// How deep XML may nest; S3's deepest documents, lifecycle among them, need six.
pub const XML_DEPTH_MAX: usize = 16;
/// A browser's form without the content of its file, in bytes: fields and what delimits them (S3's
/// rule, 20 KB). It bounds the number of fields too, as each has some 40 bytes of its own.
pub const FORM_BYTES_MAX: usize = 20 * 1024;
/// A LocationConstraint, in bytes; AWS's longest is about twenty.
pub const LOCATION_BYTES_MAX: usize = 64;
/// Unread body bytes that are read and thrown away to keep a connection after an early answer.
pub const DRAIN_BYTES_MAX: u64 = 1024 * 1024;
/// One read from the socket and one write to the file, in bytes.
pub const BODY_BUFFER_BYTES: usize = 256 * 1024;

/// One read while a head is awaited, in bytes; an idle connection keeps no more than this.
pub const HEAD_READ_BYTES: usize = 4 * 1024;

/// From accept, or the end of the last answer, to the first byte of a head.
pub const IDLE_TIMEOUT: Duration = Duration::from_secs(60);
/// From the first byte of a head to its end (slowloris).
pub const HEAD_TIMEOUT: Duration = Duration::from_secs(20);
/// Longest silence inside a body, either way.
pub const BODY_TIMEOUT: Duration = Duration::from_secs(30);
/// Bytes of a body that must come within [`BODY_TIMEOUT`] of waiting for them, or all that is left
/// of it: some 270 in a second, a tenth of the slowest modem. Who sends less holds a connection for
/// days (slowloris); Apache asks for 500 a second, Kestrel for 240.
pub const BODY_PACE_BYTES: usize = 8 * 1024;
/// The TLS handshake.
pub const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// After the last answer a connection is still read, so that the answer is not lost to a reset:
/// the longest silence of that time.
pub const LINGER_TIMEOUT: Duration = Duration::from_secs(2);
/// And the whole of that time. It has no bound in bytes: a client that writes all of its 5 GiB
/// before it reads (s3cmd, boto3) would be told nothing but "broken pipe".
pub const LINGER_WHOLE_TIMEOUT: Duration = Duration::from_secs(30);
/// From SIGTERM until requests under way are cut.
pub const DRAIN_TIMEOUT: Duration = Duration::from_secs(30);

/// Between two looks at the certificate, which is renewed while the server runs.
pub const FILE_LOOK_INTERVAL: Duration = Duration::from_secs(1);
/// A duration given to `glassbucket user`, in seconds: a hundred years, as more is a slip of the
/// finger.
pub const DURATION_SECS_MAX: u64 = 100 * 365 * 24 * 60 * 60;
/// `users.json`, in bytes: some hundred thousand users. It is held in memory while it is read, so a
/// dump that was copied over it by mistake is not.
pub const USERS_FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Between two sweeps by lifecycle rules; AWS runs them once a day.
pub const LIFECYCLE_SWEEP_INTERVAL: Duration = Duration::from_secs(60 * 60);
/// A user's stored bytes are measured again when the last measure is older: so long what hands and
/// other servers write beside us may not count.
pub const QUOTA_AGE_MAX: Duration = Duration::from_secs(5 * 60);
/// A user who is full has its bytes measured again, at a write, no sooner than this.
pub const QUOTA_WALK_PAUSE_MIN: Duration = Duration::from_millis(100);
/// Nor sooner than the last walk took, so many times: a full user with a million files keeps a
/// tenth of one thread busy, however much it sends.
pub const QUOTA_WALK_PAUSE_WALKS: u32 = 10;
/// A write that finds no room waits so long for the next measure, and is else refused by the last
/// one: what its user has removed or overwritten is room already, but where a walk takes long.
pub const QUOTA_WAIT_MAX: Duration = Duration::from_secs(5);
/// Walks of different users at once: each is a thread of the pool that requests wait for, and reads
/// from the same disk.
pub const QUOTA_WALKS_MAX: usize = 4;

/// Lines of the access log that may wait for a slow pipe; further ones are dropped and counted.
pub const LOG_LINES_QUEUED_MAX: usize = 16 * 1024;

/// Connections at once; further ones wait in the kernel's queue. Fewer where the process may not
/// open enough files.
pub const CONNECTIONS_MAX: u32 = 10_000;
/// Connections at once in the poorest process: above the permits that each listener holds.
pub const CONNECTIONS_MIN: u32 = 16;

/// A key, in bytes of UTF-8 (S3's rule).
pub const KEY_BYTES_MAX: usize = 1024;
/// User metadata, names and values together, in bytes (S3's rule).
pub const USER_METADATA_BYTES_MAX: usize = 2 * 1024;
/// One PUT, in bytes: 5 GiB (S3's rule).
pub const PUT_BYTES_MAX: u64 = 5 * 1024 * 1024 * 1024;
/// Each part but the last, in bytes: 5 MiB (S3's rule).
pub const PART_BYTES_MIN: u64 = 5 * 1024 * 1024;
/// Highest part number (S3's rule).
pub const PARTS_MAX: u16 = 10_000;
/// Entries of one listing page, and keys of one DeleteObjects (S3's rule).
pub const PAGE_MAX: usize = 1000;
/// Shares of one DeleteObjects that run side by side: enough for their waits for the disk to
/// overlap, few enough that one request does not crowd out the others.
pub const DELETE_SHARES: usize = 16;
/// The default retention of a bucket, in days: a hundred years (S3's rule).
pub const RETENTION_DAYS_MAX: u16 = 36_500;
/// The same, in years (S3's rule).
pub const RETENTION_YEARS_MAX: u16 = 100;
/// Grants in one ACL (S3's rule).
pub const GRANTS_MAX: usize = 100;
/// Tags of one object (S3's rule).
pub const OBJECT_TAGS_MAX: usize = 10;
/// Tags of one bucket (S3's rule).
pub const BUCKET_TAGS_MAX: usize = 50;
/// Key of a tag, in characters (S3's rule).
pub const TAG_KEY_CHARS_MAX: usize = 128;
/// Value of a tag, in characters (S3's rule).
pub const TAG_VALUE_CHARS_MAX: usize = 256;
/// Routing rules of one WebsiteConfiguration (S3's rule).
pub const ROUTING_RULES_MAX: usize = 50;
/// Rules of one CORSConfiguration (S3's rule).
pub const CORS_RULES_MAX: usize = 100;
/// A CORSConfiguration, in bytes: 64 KB (S3's rule).
pub const CORS_BYTES_MAX: usize = 64 * 1024;
/// The ID of a CORS rule, in characters (S3's rule).
pub const CORS_ID_CHARS_MAX: usize = 255;

/// A bucket policy, in bytes (S3's rule).
pub const POLICY_BYTES_MAX: usize = 20 * 1024;
/// Steps of matching that weighing one policy may take. The dearest step takes 10 ns, so this is
/// 2.5 ms at most, and 2.5 s for a DeleteObjects, which weighs it a thousand times. Unbounded,
/// 20 KB of patterns would take 2.5 million steps for the longest key and 50 million for the
/// longest head. What people write takes hundreds.
pub const POLICY_STEPS_MAX: usize = 250_000;
/// The texts of the policies that are held as they were read, of all buckets together, in bytes:
/// those of some hundred buckets. Read, a character of a pattern takes 48 bytes, so 12 MiB at most.
pub const POLICY_TEXTS_HELD_BYTES_MAX: usize = 256 * 1024;
/// Rules of one lifecycle configuration (S3's rule).
pub const LIFECYCLE_RULES_MAX: usize = 1000;
/// The ID of a lifecycle rule, in characters (S3's rule).
pub const LIFECYCLE_ID_CHARS_MAX: usize = 255;
/// Tags that one filter of a lifecycle rule asks for: an object has no more (S3's rule).
pub const LIFECYCLE_TAGS_MAX: usize = 10;
/// The name of a storage class in a lifecycle rule, in bytes; AWS's longest is about twenty.
pub const STORAGE_CLASS_BYTES_MAX: usize = 64;
/// Noncurrent versions that a lifecycle rule may keep of each object (S3's rule).
pub const NEWER_NONCURRENT_VERSIONS_MAX: u32 = 100;

/// How far a request's clock may be from ours, in seconds (S3's rule).
pub const CLOCK_SKEW_SECS_MAX: i64 = 15 * 60;
/// Longest validity of a presigned SigV4 URL, in seconds: seven days (S3's rule).
pub const PRESIGNED_SECS_MAX: i64 = 7 * 24 * 60 * 60;

/// A name in a directory, in bytes: NAME_MAX of every filesystem that matters.
pub const FILE_NAME_BYTES_MAX: usize = 255;
/// Files in `locks`, each for the keys that hash to it: a power of two above any sensible number of
/// writers at once.
pub const KEY_LOCKS: usize = 1024;
/// Directories this process remembers to have synced in their parents; past it all are forgotten.
pub const SYNCED_DIRS_MAX: usize = 65_536;
/// Looks at a path whose file is renamed to another tree at every one of them.
pub const OPENS_OF_MOVED_MAX: usize = 100;
/// Rounds of a commit whose directories are pruned, or turn from file to directory, under it.
pub const COMMIT_ROUNDS_MAX: usize = 100;
/// Rounds of a DeleteBucket that PUTs keep making directories under.
pub const DELETE_BUCKET_ROUNDS_MAX: usize = 16;
/// The attribute of an object, in bytes; what is over goes to a side file (ext4 holds 4,032 of all
/// attributes together).
pub const ATTRIBUTE_BYTES_MAX: usize = 2 * 1024;
/// A side file, in bytes: a head of 16 KiB can grow into an ACL of 100 grants and 10,000 parts.
pub const SIDE_FILE_BYTES_MAX: usize = 1024 * 1024;
/// Asked of one `copy_file_range`, in bytes: it cannot be interrupted, so not a whole object.
pub const COPY_RANGE_BYTES: usize = 64 * 1024 * 1024;
/// A bucket's configuration, in bytes: ACL, policy, CORS, lifecycle and all else together. Every
/// request reads it, and what would be longer is refused when it is put.
pub const CONFIG_BYTES_MAX: usize = 1024 * 1024;

/// The configurations that are held as they were read, of all buckets together, in bytes of their
/// files: those of four thousand usual buckets.
pub const CONFIGS_HELD_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Names that one listing holds of the directories it is in; a larger directory is read again for
/// what follows them. Some 5 MiB of short names.
pub const LISTED_NAMES_HELD_MAX: usize = 65_536;
/// Foreign names that are told; a tree of them copied in by mistake must fill no log.
pub const FOREIGN_NAMES_TOLD_MAX: usize = 1000;
/// Readings of one directory that others change meanwhile.
pub const DIRECTORY_READS_MAX: usize = 4;

/// The body file of an upload, in bytes: half of ext4's largest file. A slot beyond it has a file
/// of its own.
pub const UPLOAD_BODY_BYTES_MAX: u64 = 8 * 1024 * 1024 * 1024 * 1024;
/// A small file of an upload, in bytes: `info.json` is the metadata of one request head and an ACL.
pub const UPLOAD_FILE_BYTES_MAX: u64 = 1024 * 1024;
/// Looks for the bytes of a part whose repeats take its record's place meanwhile.
pub const PART_READS_MAX: usize = 10;
/// How long a completed upload answers a repeat of its Complete, in seconds.
pub const UPLOAD_RECORD_SECS: i64 = 24 * 60 * 60;
/// Between two looks for leftovers of uploads, in seconds.
pub const UPLOAD_SWEEP_SECS: i64 = 60 * 60;
