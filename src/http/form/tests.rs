//! Forms cut at every byte, contents that look like delimiters, bounds at n and n + 1.

use super::*;

const CONTENT_TYPE: &str = "multipart/form-data; boundary=AaB03x";

fn delimiter() -> Delimiter {
    Delimiter::from_content_type(Some(CONTENT_TYPE)).unwrap()
}

/// A whole form, as `CONTENT_TYPE` delimits it.
fn form(fields: &[(&str, &str)], filename: &str, content: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, value) in fields {
        let head = format!("--AaB03x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n");
        body.extend([head.as_bytes(), value.as_bytes(), b"\r\n"].concat());
    }
    let file = format!(
        "--AaB03x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{filename}\"\r\n\
         Content-Type: text/plain\r\n\r\n"
    );
    body.extend([file.as_bytes(), content, b"\r\n--AaB03x--\r\n"].concat());
    body
}

/// Form and content of a body that comes in these pieces.
fn decode<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Result<(Form, Vec<u8>), BadForm> {
    let mut pieces = pieces.into_iter().filter(|piece| !piece.is_empty());
    let mut fields = FieldsDecoder::new(delimiter());
    let (form, mut piece) = loop {
        let piece = pieces.next().ok_or(BadForm::Malformed)?;
        if let Some((form, used)) = fields.decode(piece)? {
            break (form, &piece[used..]);
        }
    };
    let (mut file, mut content) = (fields.into_file(), Vec::new());
    loop {
        let FileBytes { held, range } = file.decode(piece)?;
        content.extend_from_slice(&file.delimiter()[..held]);
        content.extend_from_slice(&piece[range]);
        match pieces.next() {
            Some(next) => piece = next,
            None if file.is_done() => return Ok((form, content)),
            None => return Err(BadForm::Malformed),
        }
    }
}

fn whole(body: &[u8]) -> Result<(Form, Vec<u8>), BadForm> {
    decode([body])
}

/// The example of HTML 4.01 section 17.13.4, in S3's field names.
#[test]
fn fields_and_file_are_told_apart() {
    let body = form(&[("key", "a/b"), ("ACL", "private"), ("x", "")], "f.txt", b"content\r\n");
    let (form, content) = whole(&body).unwrap();
    let fields: Vec<_> = form.fields().collect();
    assert_eq!(fields, [("key", "a/b"), ("acl", "private"), ("x", "")]);
    assert_eq!(form.get("acl"), Some("private"));
    assert_eq!(form.get("file"), None);
    assert_eq!(content, b"content\r\n");
}

/// Contents that begin delimiters and do not end them.
const NASTY: [&[u8]; 8] = [
    b"",
    b"\r",
    b"\r\n",
    b"\r\r\n--AaB03",
    b"--AaB03x--",
    b"\r\n--AaB03\r\n--AaB03\r\n--",
    b"\n--AaB03x\r\r\r\n-\r\n--A",
    b"\r\n-\r\n--AaB03y\0\xff",
];

#[test]
fn a_form_means_the_same_wherever_it_is_cut() {
    for content in NASTY {
        let mut body = form(&[("key", "\r\n--AaB03"), ("a", "\r")], "f", content);
        let after = "Content-Disposition: form-data; name=\"late\"\r\n\r\nv\r\n--AaB03x--\r\nend";
        body.truncate(body.len() - 4);
        body.extend([b"\r\n", after.as_bytes()].concat());
        let expected = whole(&body).unwrap();
        assert_eq!(expected.1, content);
        for cut in 0..body.len() {
            let (a, b) = body.split_at(cut);
            assert_eq!(decode([a, b]).as_ref(), Ok(&expected), "cut at {cut}");
        }
        assert_eq!(decode(body.chunks(1)), Ok(expected));
    }
}

#[test]
fn a_form_without_its_closing_delimiter_is_malformed() {
    let body = form(&[("key", "k")], "f", b"content");
    let closed = body.len() - 2; // the last line end may be missing
    for end in 1..closed {
        assert_eq!(whole(&body[..end]), Err(BadForm::Malformed), "cut at {end}");
    }
    assert!(whole(&body[..closed]).is_ok());
}

#[test]
fn a_form_without_file_is_refused() {
    let body = b"--AaB03x\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\nv\r\n--AaB03x--";
    assert_eq!(whole(body), Err(BadForm::NoFile));
    assert_eq!(whole(b"--AaB03x--\r\n"), Err(BadForm::NoFile));
}

#[test]
fn a_field_twice_is_refused_in_whatever_case() {
    let body = form(&[("key", "a"), ("acl", "x"), ("KEY", "b")], "f", b"");
    assert_eq!(whole(&body), Err(BadForm::Twice("key".to_owned())));
}

#[test]
fn parts_that_are_no_form_data_are_malformed() {
    for head in [
        "\r\n",
        "Content-Type: text/plain\r\n\r\n",
        "Content-Disposition: attachment; name=\"key\"\r\n\r\n",
        "Content-Disposition: form-data\r\n\r\n",
        "Content-Disposition: form-data; name=\"key\r\n\r\n",
        "Content-Disposition\r\n\r\n",
    ] {
        let body = format!("--AaB03x\r\n{head}v\r\n--AaB03x--");
        assert_eq!(whole(body.as_bytes()), Err(BadForm::Malformed), "{head:?}");
    }
    let mut body = form(&[("key", "#")], "f", b"");
    let value = body.iter().position(|b| *b == b'#').unwrap();
    body[value] = 0xff;
    assert_eq!(whole(&body), Err(BadForm::Malformed));
}

#[test]
fn filename_stands_for_the_last_part_of_the_name() {
    for (sent, name) in [
        ("f.txt", "f.txt"),
        ("", ""),
        ("dir/f.txt", "f.txt"),
        ("C:\\Program Files\\f.txt", "f.txt"),
        ("../../f", "f"),
        ("dir/", ""),
        ("\\\"quoted\\\".txt", "\"quoted\".txt"),
        ("a; name=b", "a; name=b"),
        ("${filename}", "${filename}"),
        ("bücher.txt", "bücher.txt"),
    ] {
        let fields = [("key", "u/${filename}"), ("x", "${filename}-${filename}"), ("y", "$")];
        let (form, _) = whole(&form(&fields, sent, b"")).unwrap();
        assert_eq!(form.get("key"), Some(format!("u/{name}").as_str()), "{sent}");
        assert_eq!(form.get("x"), Some(format!("{name}-{name}").as_str()), "{sent}");
        assert_eq!(form.get("y"), Some("$"));
    }
}

/// Python's requests gives every field one.
#[test]
fn a_file_name_makes_no_file_of_a_field() {
    let body =
        b"--AaB03x\r\nContent-Disposition: form-data; name=\"key\"; filename=\"key\"\r\n\r\nk\
        \r\n--AaB03x  \r\ncontent-disposition: Form-Data; filename=a.txt; name=File\r\n\r\nc\
        \r\n--AaB03x--";
    let (form, content) = whole(body).unwrap();
    assert_eq!((form.get("key"), content.as_slice()), (Some("k"), b"c".as_slice()));
}

#[test]
fn fields_are_20_kb_at_most() {
    let empty = form(&[("a", "")], "f", b"").len() - b"\r\n--AaB03x--\r\n".len();
    let of = |bytes: usize| {
        let mut body = form(&[("a", &"v".repeat(bytes - empty))], "f", b"");
        let end = body.len() - b"\r\n--AaB03x--\r\n".len();
        assert_eq!(end, bytes);
        body.splice(end..end, vec![b'c'; 100_000]);
        body
    };
    let largest = of(limits::FORM_BYTES_MAX);
    assert_eq!(whole(&largest).unwrap().1.len(), 100_000);
    assert_eq!(decode(largest.chunks(7)).unwrap().1.len(), 100_000);
    let larger = of(limits::FORM_BYTES_MAX + 1);
    assert_eq!(whole(&larger), Err(BadForm::TooLong));
    assert_eq!(decode(larger.chunks(7)), Err(BadForm::TooLong));
}

/// Class M: 900 variables of 9 KB each would be 8 MB.
#[test]
fn class_m_variables_do_not_make_a_form_grow_past_its_bound() {
    let (variables, name) = ("${filename}".repeat(900), "n".repeat(9_000));
    assert_eq!(whole(&form(&[("key", &variables)], &name, b"")), Err(BadForm::TooLong));
    let largest = "n".repeat(limits::FORM_BYTES_MAX / 2 - 200);
    let twice = "${filename}${filename}";
    assert!(whole(&form(&[("key", twice)], &largest, b"")).is_ok());
}

#[test]
fn class_m_what_follows_the_file_is_bounded_too() {
    let mut body = form(&[("key", "k")], "f", b"");
    body.truncate(body.len() - 4);
    body.extend(vec![b'x'; limits::FORM_BYTES_MAX + 1]);
    assert_eq!(whole(&body), Err(BadForm::TooLong));
}

#[test]
fn boundaries_come_quoted_or_not_and_of_1_to_70_characters() {
    for (parameters, boundary) in [
        ("; boundary=x", "x"),
        (";boundary=\"a b:c\"; charset=utf-8", "a b:c"),
        ("; charset=\"utf;8\"; BOUNDARY=----WebKit", "----WebKit"),
        (&format!("; boundary={}", "b".repeat(70)), &"b".repeat(70)),
    ] {
        let content_type = format!("Multipart/Form-Data{parameters}");
        let delimiter = Delimiter::from_content_type(Some(&content_type)).unwrap();
        assert_eq!(delimiter.as_bytes(), format!("\r\n--{boundary}").as_bytes());
    }
    let long = format!("multipart/form-data; boundary={}", "b".repeat(71));
    for (content_type, bad) in [
        (None, BadForm::NotFormData),
        (Some("multipart/mixed; boundary=x"), BadForm::NotFormData),
        (Some("application/x-www-form-urlencoded"), BadForm::NotFormData),
        (Some("multipart/form-data"), BadForm::Malformed),
        (Some("multipart/form-data; boundary="), BadForm::Malformed),
        (Some("multipart/form-data; boundary=\"x"), BadForm::Malformed),
        (Some("multipart/form-data; boundary=\"a\rb\""), BadForm::Malformed),
        (Some("multipart/form-data; boundary=ü"), BadForm::Malformed),
        (Some(&long), BadForm::Malformed),
    ] {
        assert_eq!(Delimiter::from_content_type(content_type).unwrap_err(), bad);
    }
}

#[test]
fn class_l_no_byte_anywhere_makes_a_form_panic() {
    let body = form(&[("key", "u/${filename}"), ("a", "\r\n--AaB03")], "d\\f\\\"", b"c\r\n--A");
    for at in 0..body.len() {
        for byte in [0, b'\r', b'\n', b'-', b'"', b'\\', b';', b'=', b':', 0xc3, 0xff] {
            let mut body = body.clone();
            body[at] = byte;
            assert_eq!(whole(&body).ok(), decode(body.chunks(5)).ok(), "{byte} at {at}");
        }
    }
}
