-- The password before the current one, and until when it is accepted beside it; NULL: it is not.
ALTER TABLE operator ADD COLUMN previous_password_hash TEXT;
ALTER TABLE operator ADD COLUMN previous_until_ms BIGINT;

-- The networks that the operator may ask from, such as '192.0.2.0/24,2001:db8::/32'; NULL: any. Programs
-- of step 2 ask for neither: they accept the current password, from anywhere, and end no old one.
ALTER TABLE operator ADD COLUMN addresses TEXT;
